r"""Text and addresses of users as LaTeX that typesets them as written, whatever they are.

The result is plain ASCII and needs T1 fonts, amsmath and amssymb. A character that has no command there
is shown by its number, as in [U+1F600].
"""

import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from icgd.writeup.symbols import ACCENTS, COMMANDS, MATHS

LONG, LONGEST_PROSE, STEP, NUMBERED = 10, 14, 4, 8
"""Longer names, and longer words of letters alone, can be broken: after signs and each so many characters."""
OPENING = "([{<'\"`"
LIGATURES = "-,'<>!?`"
"""Characters that LaTeX joins with one that follows."""
DECOMPOSED = {
    **dict.fromkeys(
        ("", "<font>", "<noBreak>", "<compat>", "<wide>", "<narrow>", "<fraction>", "<square>"), "{"
    ),
    "<super>": r"\textsuperscript{",
    "<sub>": r"\textsubscript{",
}
"""How to write what a character consists of, by the kind of its decomposition in Unicode."""


def escape(text: str) -> str:
    """Any text as LaTeX, for paragraphs, cells of tables and arguments; long words can be broken."""
    return " ".join(_word(unicodedata.normalize("NFC", word)) for word in text.split())


def address(text: str) -> str:
    r"""A web address as an argument of \href, also inside other arguments."""
    safe = quote(text, safe="%:/?#&=@+,;!'()*-._[]", errors="replace").replace("~", "%7E")
    return "".join(rf"\{character}" if character in "%#&_" else character for character in safe)


def _word(word: str) -> str:
    """A word, with places to break it if it is long."""
    clusters, result, run = list(_clusters(word)), "", 0
    parts = list(map(_typeset, clusters))
    long = sum(map(_width, parts)) > (LONGEST_PROSE if word.isalpha() else LONG)
    for cluster, part, following in zip(clusters, parts, [*clusters[1:], ""], strict=True):
        joined = cluster in LIGATURES and following and following in LIGATURES
        result, run = result + part + ("{}" if joined else ""), run + _width(part)
        sign = following.isalnum() and not cluster[0].isalnum() and cluster not in OPENING
        if long and following and (sign or run >= STEP):
            result, run = result + _break(0 if sign else 500), 0
    return result


def _width(part: str) -> int:
    """About how many characters are seen of a typeset one."""
    return NUMBERED if "U+" in part else 1


def _break(penalty: int) -> str:
    """A place where a line may end early; nothing is seen of it elsewhere."""
    return rf"\nobreak\hskip0pt plus2em\penalty{penalty}\hskip0pt plus-2em\relax{{}}"


def _clusters(word: str) -> Iterator[str]:
    """Characters together with the combining ones that follow them."""
    cluster = ""
    for character in word:
        if cluster and not unicodedata.combining(character):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _typeset(cluster: str) -> str:
    """A character with the accents on it."""
    result = _character(cluster[0])
    for mark in cluster[1:]:
        result = rf"\{ACCENTS[mark]}{{{result}}}" if mark in ACCENTS else result + _number(mark)
    return result


def _character(character: str) -> str:
    if character in COMMANDS:
        return COMMANDS[character]
    if character in MATHS:
        return rf"\ensuremath{{{MATHS[character]}}}"
    if character.isascii() and character.isprintable():
        return character
    if unicodedata.category(character) == "Cf":  # invisible
        return ""
    kind, _, codes = unicodedata.decomposition(character).rpartition("> ")
    start = DECOMPOSED.get(kind and kind + ">")
    if not codes or start is None:
        return _number(character)
    parts = "".join(chr(int(code, 16)) for code in codes.split())
    return start + "".join(map(_typeset, _clusters(parts))) + "}"


def _number(character: str) -> str:
    return f"{{[}}U+{ord(character):04X}{{]}}"
