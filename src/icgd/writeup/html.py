r"""LaTeX of captions and titles as HTML: text, inline formulas, and the run's numbers."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from icgd.writeup.symbols import MATHS

TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|[{}$^_~&]|%.*\n?|\s+|[^\\{}$^_~&%\s]+", re.DOTALL)
UNNUMBERED = re.compile(r"(,)?[\s~]*(?:\\eqref|\((?=\\ref))(?:\\ref)?\{eq:[^}]*\}\)?(?(1),?)")
"""A reference to an equation, which a page does not have, with the commas or brackets around it."""
DROPPED = {"label": 1, "source": 2}
"""Commands that a page does not show, with the number of their arguments."""
WRAPPED = {"emph": "em", "textit": "em", "textbf": "strong", "texttt": "code", "mathbf": "b"}
ACCENTED = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
SIGNS = {command[1:]: sign for sign, command in MATHS.items() if re.fullmatch(r"\\[a-zA-Z]+", command)} | {
    "transpose": "ᵀ",
    **dict(zip(["le", "ge", "ne", "lVert", "rVert", "S"], "≤≥≠‖‖§", strict=True)),
    **dict(zip([",", ";", ":", " ", "quad"], ["\u2009", " ", " ", " ", " "], strict=True)),
    **dict.fromkeys(["!", "/", "-", "left", "right", "big", "bigl", "bigr", "textstyle"], ""),
}
BRACES = {"mathbb", "mathcal", "mathrm", "operatorname", "text", "ensuremath", "mathsf"}
DOUBLE = {"R": "ℝ", "E": "𝔼", "tr": "tr"}


@dataclass
class Converter:
    """Converts with what the text refers to: numbers by key, and what labels are called."""

    numbers: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, latex: str) -> str:
        """HTML without tags other than those of emphasis, formulas and superscripts."""
        text = self._group(_Tokens(UNNUMBERED.sub("", latex)), maths=False)
        text = text.replace("---", "—").replace("--", "–").replace("``", "“").replace("''", "”")
        return re.sub(r"[ \n\t]+", " ", text).strip()  # other spaces stay

    def _group(self, tokens: "_Tokens", maths: bool) -> str:
        """Up to the end, or the brace that closes the group."""
        parts = []
        for token in tokens:
            if token == "}" or (token == "$" and maths):
                break
            parts.append(self._one(token, tokens, maths))
        return "".join(parts)

    def _one(self, token: str, tokens: "_Tokens", maths: bool) -> str:
        """One token with the arguments that follow it."""
        if token == "{":
            return self._group(tokens, maths)
        if token == "$":
            return f'<span class="maths">{self._group(tokens, True)}</span>'
        if token in "^_" and maths:
            tag = "sup" if token == "^" else "sub"
            return f"<{tag}>{self._argument(tokens, True)}</{tag}>"
        if token.startswith("\\"):
            return self._command(token[1:].rstrip("*"), tokens, maths)
        if token in "~&" or token.isspace():
            return "" if maths else " "
        if token.startswith("%"):
            return ""
        return _letters(token) if maths else html.escape(token)

    def _command(self, name: str, tokens: "_Tokens", maths: bool) -> str:
        if name == "result":
            return self(self.numbers.get(tokens.raw(), "—"))
        if name in ("ref", "citet", "citep"):
            return html.escape(self.labels.get(tokens.raw(), "in the paper"))
        if name in DROPPED:
            return "".join("" for _ in range(DROPPED[name]) if tokens.raw() is None)
        if name in WRAPPED:
            return f"<{WRAPPED[name]}>{self._argument(tokens, maths)}</{WRAPPED[name]}>"
        if name in ACCENTED:
            base = self._argument(tokens, maths)
            return re.sub(r"(\w)(?=\W*$|</)", rf"\1{ACCENTED[name]}", base, count=1)
        if name in BRACES:
            return self._argument(tokens, maths and name == "ensuremath")
        if name in DOUBLE or name in SIGNS:
            return DOUBLE.get(name) or SIGNS[name]
        return html.escape(name)  # a sign such as %, or a function's name such as cos

    def _argument(self, tokens: "_Tokens", maths: bool) -> str:
        """What a command applies to: a group, or the next sign alone."""
        token = tokens.sign()
        return self._one(token, tokens, maths)


class _Tokens:
    """Tokens of LaTeX, read one after another."""

    def __init__(self, latex: str) -> None:
        self.left = TOKEN.findall(latex)[::-1]

    def __iter__(self) -> Iterator[str]:
        while self.left:
            yield self.left.pop()

    def sign(self) -> str:
        """The next token after blanks, of a word its first letter."""
        while self.left and self.left[-1].isspace():
            self.left.pop()
        token = self.left.pop() if self.left else "}"
        if len(token) > 1 and not token.startswith(("\\", "%")):
            self.left.append(token[1:])
            token = token[0]
        return token

    def raw(self) -> str:
        """A group in braces as it stands."""
        depth, parts = 0, []
        for token in self:
            depth += (token == "{") - (token == "}")
            if token not in "{}" or depth > 1:
                parts.append(token)
            if depth <= 0:
                break
        return "".join(parts)


def _letters(token: str) -> str:
    """Letters of a formula in italics, and its minus and prime as such."""
    signs = html.escape(token.replace("-", "−").replace("'", "′"), quote=False)
    return re.sub(r"(?<!&)\b[A-Za-z]+\b(?!;)", r"<i>\g<0></i>", signs)


def definitions(latex: str) -> dict[str, str]:
    r"""The numbers of a run by key, from lines \defineresult{key}{number}."""
    found = re.findall(r"^\\defineresult\{(.*?)\}\{(.*)\}$", latex, re.MULTILINE)
    return dict(found)
