r"""LaTeX commands of characters, of the base packages, amsmath and amssymb."""

import unicodedata


def _pairs(text: str) -> dict[str, str]:
    parts = text.split()
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _greek() -> dict[str, str]:
    """Commands of Greek letters; those that look like Latin ones have none."""
    latin, alike = "ABEZHIKMNOPTXo", "ΑΒΕΖΗΙΚΜΝΟΡΤΧο"
    found = {
        char: letter if char == "ο" else rf"\mathrm{{{letter}}}"
        for char, letter in zip(alike, latin, strict=True)
    }
    for char in map(chr, [*range(0x391, 0x3AA), *range(0x3B1, 0x3CA)]):
        words = unicodedata.name(char, "").split()
        if words and char not in found:
            name = words[-1].lower().replace("lamda", "lambda")
            found[char] = "\\" + (name.title() if words[1] == "CAPITAL" else name)
    return found | {"ς": r"\varsigma"}


ACCENTS = dict(
    zip(
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0323\u0327\u0328\u0331",
        "`'^~=u.\"rHvdckb",
        strict=True,
    )
)
"""Accent commands of combining characters."""

COMMANDS = _pairs(r"""
    \ \textbackslash{} ^ \textasciicircum{} ~ \textasciitilde{} < \textless{} > \textgreater{} | \textbar{}
    ` \textasciigrave{} { \{ } \} # \# $ \$ % \% & \& _ \_ [ {[} ] {]} * {*}
    “ \textquotedblleft{} ” \textquotedblright{} ‘ \textquoteleft{} ’ \textquoteright{} „ \quotedblbase{}
    ‚ \quotesinglbase{} « \guillemotleft{} » \guillemotright{} ‹ \guilsinglleft{} › \guilsinglright{}
    – \textendash{} — \textemdash{} ― \textemdash{} ‐ - ‑ - ‒ \textendash{} … \textellipsis{} • \textbullet{}
    ⁄ / ¡ \textexclamdown{} ¿ \textquestiondown{} § \S{} ¶ \P{} © \textcopyright{} ® \textregistered{}
    ™ \textsuperscript{TM} ° \textdegree{} · \textperiodcentered{} † \dag{} ‡ \ddag{} € \texteuro{}
    £ \pounds{} ¥ \textyen{} ¢ \textcent{} ¤ \textcurrency{} ¦ \textbrokenbar{} ‰ \textperthousand{}
    ß \ss{} æ \ae{} Æ \AE{} œ \oe{} Œ \OE{} ø \o{} Ø \O{} ł \l{} Ł \L{} đ \dj{} Đ \DJ{} ð \dh{} Ð \DH{}
    þ \th{} Þ \TH{} ŋ \ng{} Ŋ \NG{} ı \i{} ȷ \j{} ẞ SS ª \textordfeminine{} º \textordmasculine{}
    µ \textmu{} ´ \textasciiacute{} ¨ \textasciidieresis{} ¯ \textasciimacron{} ¸ \c{}
""") | {"\N{LATIN SMALL LETTER N PRECEDED BY APOSTROPHE}": "'n"}
"""Characters of text that do not stand for themselves."""

MATHS = _greek() | _pairs(r"""
    ϵ \epsilon ϑ \vartheta ϕ \phi φ \varphi ϱ \varrho ϖ \varpi ε \varepsilon ϰ \varkappa
    ≤ \leq ≥ \geq ⩽ \leqslant ⩾ \geqslant ≠ \neq ≈ \approx ≡ \equiv ∼ \sim ≃ \simeq ≅ \cong ∝ \propto ≪ \ll
    ≫ \gg ≲ \lesssim ≳ \gtrsim ≺ \prec ≻ \succ ≔ := ≜ \triangleq ≐ \doteq ≢ \not\equiv ≰ \nleq ≱ \ngeq ∣ \mid
    ∞ \infty ∂ \partial ∇ \nabla ∑ \sum ∏ \prod ∫ \int ∮ \oint √ \surd ∆ \Delta ℓ \ell ℏ \hbar ℜ \Re ℑ \Im
    ∈ \in ∉ \notin ∋ \ni ⊂ \subset ⊃ \supset ⊆ \subseteq ⊇ \supseteq ∪ \cup ∩ \cap ∅ \emptyset ∖ \setminus
    ∀ \forall ∃ \exists ∄ \nexists ¬ \neg ∧ \wedge ∨ \vee ⊤ \top ⊥ \perp ⊢ \vdash ⊨ \models ∴ \therefore
    ← \leftarrow → \to ↔ \leftrightarrow ⇐ \Leftarrow ⇒ \Rightarrow ⇔ \Leftrightarrow ↑ \uparrow ↓ \downarrow
    ↦ \mapsto ⟶ \longrightarrow ⟵ \longleftarrow ↗ \nearrow ↘ \searrow
    ± \pm ∓ \mp × \times ÷ \div ⋅ \cdot ∗ \ast ∘ \circ ⊕ \oplus ⊗ \otimes ⊙ \odot ⊖ \ominus − -
    ⟨ \langle ⟩ \rangle ‖ \| ∥ \parallel ⌈ \lceil ⌉ \rceil ⌊ \lfloor ⌋ \rfloor ′ ' ″ ''
    ⋯ \cdots ⋮ \vdots ⋱ \ddots
    ∠ \angle ⋆ \star ★ \bigstar ✓ \checkmark ✔ \checkmark ✗ \times ✘ \times ■ \blacksquare □ \square
    ▲ \blacktriangle △ \triangle ▼ \blacktriangledown ◊ \lozenge ● \bullet ○ \circ ♯ \sharp ♭ \flat ♮ \natural
    ℝ \mathbb{R} ℤ \mathbb{Z} ℕ \mathbb{N} ℚ \mathbb{Q} ℂ \mathbb{C} ℙ \mathbb{P} 𝔼 \mathbb{E} 𝔽 \mathbb{F}
    𝟙 \mathbf{1} ℒ \mathcal{L} ℱ \mathcal{F} 𝒩 \mathcal{N} 𝒪 \mathcal{O} 𝒟 \mathcal{D} ℋ \mathcal{H}
""")
"""Characters that are typeset in math mode."""
