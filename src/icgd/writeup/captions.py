r"""What the paper's sources say of figures and studies: captions, titles, what labels are called."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from icgd.writeup.html import Converter

FLOAT = re.compile(r"\\begin\{(figure\*?)\}(.*?)\\end\{\1\}", re.DOTALL)
SHOWN = re.compile(r"\\includegraphics(?:\[[^]]*\])?\{figures/([\w.-]+?)(?:\.pdf)?\}")
TITLE = re.compile(r"\\(?:sub)*section\*?\{((?:[^{}]|\{[^{}]*\})*)\}(?:\s*\\label\{([^}]*)\})?")


@dataclass(frozen=True)
class Captions:
    """Captions by figure and titles by file, as LaTeX; labels as text."""

    figures: Mapping[str, str]
    titles: Mapping[str, str]
    labels: Mapping[str, str]

    @classmethod
    def of(cls, files: Iterable[Path], figure_titles: Mapping[str, str]) -> "Captions":
        """Those of some LaTeX files; a figure is called by its title in the config."""
        figures: dict[str, str] = {}
        titles: dict[str, str] = {}
        labels: dict[str, str] = {}
        for file in files:
            text = file.read_text("utf-8")
            for title, label in TITLE.findall(text):
                titles.setdefault(str(file), title)
                labels[label] = f"“{re.sub('<.*?>', '', Converter()(title))}”"
            for body in [*(body for _, body in FLOAT.findall(text)), FLOAT.sub("", text)]:
                for name, caption, tail in _captioned(body):
                    figures.setdefault(name, caption)
                    for label in re.findall(r"\\label\{([^}]*)\}", caption + tail):
                        labels[label] = f"“{figure_titles.get(name, name)}”"
        return cls(figures, titles, labels)

    def spoken(self, figure: str, title: str, convert: Converter) -> str:
        """A figure's caption as plain text, to be read aloud in its place; its title if it has none."""
        return html.unescape(re.sub("<.*?>", "", convert(self.figures.get(figure, "")))) or title


def _captioned(body: str) -> Iterable[tuple[str, str, str]]:
    """Figures of a float with its caption, and what follows that."""
    before, _, after = body.partition(r"\caption{")
    caption, tail = _closed(after)
    for name in SHOWN.findall(before + tail):
        yield name, caption, tail


def _closed(text: str) -> tuple[str, str]:
    """What stands before the brace that closes an opened group, and after it."""
    depth = 1
    for place, sign in enumerate(text):
        escaped = place and text[place - 1] == "\\"
        depth += 0 if escaped else (sign == "{") - (sign == "}")
        if not depth:
            return text[:place], text[place + 1 :]
    return text, ""
