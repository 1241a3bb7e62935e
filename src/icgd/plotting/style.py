"""One look for all figures: sizes, fonts that match the paper, a name and colour per learner."""

import pandas as pd
from matplotlib.axes import Axes

COLUMN, PAGE = 3.3, 7.0
"""Widths in inches of one column and of the page."""

STYLE = {
    "font.family": "serif",
    "font.serif": ["cmr10"],
    "mathtext.fontset": "cm",
    "axes.formatter.use_mathtext": True,
    "axes.unicode_minus": False,
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "figure.constrained_layout.use": True,
}

# Okabe and Ito's colours, safe for the colour-blind; markers repeat the distinction in grey.
LOOKS = {
    "transformer": ("trained", "#0072B2", "o"),
    "interpolation": ("interpolated", "#009E73", "^"),
    "construction": ("constructed", "#56B4E9", "v"),
    "gd": ("GD", "#D55E00", "s"),
    "gd_mean": ("step on the mean", "#E69F00", "D"),
    "gd_centred": ("GD, centred", "#F0E442", "v"),
    "gdpp": ("GD++", "#009E73", "^"),
    "gd_steps": ("GD, per step", "#E69F00", "D"),
    "gdpp_steps": ("GD++, per step", "#CC79A7", "v"),
    "closed_form": ("closed form", "#000000", ""),
    "jacobi": ("Jacobi step", "#CC79A7", "P"),
    "newton": ("Newton-Schulz", "#CC79A7", "p"),
    "cg": ("conj. gradient", "#E69F00", "h"),
    "smoother": ("kernel smoother", "#F0E442", "*"),
    "smoother_mirrored": ("mirrored smoother", "#F0E442", "x"),
    "ols": ("least squares", "#888888", "X"),
    "ridge": ("ridge", "#BBBBBB", "d"),
    "trivial": ("zero", "#444444", "."),
    "softmax_1": ("one head", "#CC79A7", "P"),
    "softmax_2": ("two heads", "#0072B2", "o"),
    "softmax_2x2": ("two layers", "#E69F00", "D"),
    "softmax_heads_1": ("one head", "#CC79A7", "P"),
    "softmax_heads_2": ("two heads", "#0072B2", "o"),
    "wave_transformer": ("transformer", "#0072B2", "o"),
    "wave_transformer_2": ("two layers", "#56B4E9", "v"),
    "meta": ("one step", "#D55E00", "s"),
    "meta_2": ("two steps", "#E69F00", "D"),
    "mlp": ("no step", "#888888", "X"),
    "best_layer": ("best layer", "#009E73", "^"),
    "best_step": ("best step", "#CC79A7", "P"),
    "random_ridge": ("ridge, random features", "#F0E442", "*"),
    "raw_step": ("step on $(x, 1)$", "#000000", "h"),
    "pairs": ("trained", "#0072B2", "o"),
    "pairs_high_rate": ("trained, high rate", "#CC79A7", "P"),
    "induction_head": ("constructed", "#56B4E9", "v"),
    "gd_normalised": ("GD, normalised", "#009E73", "^"),
    "two_layers": ("two layers", "#0072B2", "o"),
    "linear_second": ("second linear", "#E69F00", "D"),
    "one_layer": ("one layer", "#CC79A7", "P"),
    "step": ("GD step", "#D55E00", "s"),
    "mean_step": ("GD step on the mean", "#E69F00", "D"),
    "frequencies": ("frequencies", "#009E73", "^"),
    "dirichlet": ("posterior mean", "#56B4E9", "v"),
    "last_follower": ("last follower", "#CC79A7", "P"),
    "unigram": ("unigram", "#888888", "X"),
    "l1": ("descent on $L_1$", "#D55E00", "s"),
    "l2": ("on $L_2$", "#0072B2", "o"),
    "linf": (r"on $L_\infty$", "#009E73", "^"),
    "l1_1": ("$L_1$ descent 1", "#D55E00", "s"),
    "l1_2": ("$L_1$ descent 2", "#D55E00", "D"),
    "linf_1": (r"$L_\infty$ descent 1", "#009E73", "^"),
    "linf_2": (r"$L_\infty$ descent 2", "#009E73", "v"),
    "l1_limit_1": ("$L_1$ limit 1", "#E69F00", "s"),
    "l1_limit_2": ("$L_1$ limit 2", "#E69F00", "D"),
    "linf_limit_1": (r"$L_\infty$ limit 1", "#56B4E9", "^"),
    "linf_limit_2": (r"$L_\infty$ limit 2", "#56B4E9", "v"),
}
MODELS = {
    "transformer": "one layer",
    "transformer_recurrent_2": "looped $K=2$",
    "transformer_recurrent_5": "looped $K=5$",
    "transformer_2": "stack $K=2$",
    "transformer_5": "stack $K=5$",
    "transformer_12": "stack $K=12$",
    "transformer_12_norm": "stack $K=12$, norm",
    "softmax_1": "softmax, 1 head",
    "softmax_2": "softmax, 2 heads",
    "softmax_2x2": "softmax, $2\\times2$",
    "wave_transformer": "sine, one layer",
    "wave_transformer_2": "sine, two layers",
    "meta": "sine, one step",
    "pairs": "pairs of tokens",
    "two_layers": "language, softmax",
    "linear_second": "language, linear",
    "prompted": "blocks, prompted",
}
"""How figures with several models call each of them."""


def family(learner: str) -> str:
    """The learner's entry in LOOKS: its name without depth, such as gdpp_steps for gdpp_5_steps."""
    if learner in LOOKS:
        return learner
    name, _, suffix = learner.partition("_")
    return f"{name}_steps" if "_steps" in suffix else name


def look(learner: str) -> tuple[str, str, str]:
    """Name, colour and marker of a learner; algorithms have their depth in the name."""
    name, colour, marker = LOOKS[family(learner)]
    if learner in LOOKS or family(learner) == "transformer":
        return name, colour, marker
    base, *extra = name.split(", ")
    return ", ".join([f"{base} {learner.split('_')[1]}", *extra]), colour, marker


def label(learner: str) -> str:
    """How figures call a learner."""
    return look(learner)[0]


def numbers(conditions: pd.Series) -> pd.Series:
    """The values of conditions such as size=20."""
    return conditions.str.split("=").str[1].astype(float)


def points(axes: Axes, x: pd.Series, rows: pd.DataFrame, learner: str, size: float) -> None:
    """Hollow markers with intervals, so that learners that agree stay visible."""
    name, colour, shape = look(learner)
    error = [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]
    axes.errorbar(
        x, rows["mean"], error, fmt=shape, color=colour, markersize=size, fillstyle="none", label=name
    )


def curve(
    axes: Axes, x: pd.Series, rows: pd.DataFrame, learner: str, marker: bool = True, name: str = ""
) -> None:
    """Mean over seeds with its interval as a band, in the learner's look."""
    known, colour, shape = look(learner)
    line = "--" if learner == "closed_form" else "-"
    order = x.argsort()
    x, rows = x.iloc[order], rows.iloc[order]
    axes.plot(x, rows["mean"], line, marker=shape if marker else "", color=colour, label=name or known)
    axes.fill_between(x, rows["low"], rows["high"], color=colour, alpha=0.25, linewidth=0)
