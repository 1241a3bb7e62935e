#!/bin/sh
# Makes sure that LaTeX with the paper's packages is there: installs it where that is allowed,
# otherwise says how. The packages are the smallest set that paper/main.tex compiles with.
set -eu
scripts=$(dirname "$0")
packages="latexmk texlive-latex-recommended lmodern"

complete() {
    command -v latexmk >/dev/null && command -v pdflatex >/dev/null && command -v kpsewhich >/dev/null &&
        for file in booktabs.sty natbib.sty microtype.sty hyperref.sty lmodern.sty; do
            [ -n "$(kpsewhich $file)" ] || return 1
        done
}

if complete; then exit 0; fi
# Named in words: $packages is a list.
# shellcheck disable=SC2086
if sh "$scripts/apt_install.sh" $packages && complete; then exit 0; fi
cat >&2 <<MESSAGE
LaTeX is needed for the paper and could not be installed from here. Please run
  Debian, Ubuntu:  sudo apt-get install --no-install-recommends $packages
  Fedora:          sudo dnf install latexmk texlive-scheme-basic texlive-booktabs texlive-natbib texlive-microtype texlive-hyperref texlive-lm texlive-collection-latexrecommended
  macOS:           brew install --cask mactex-no-gui
MESSAGE
exit 1
