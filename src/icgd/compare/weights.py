"""The products KᵀQ and P·V of one-layer models, rescaled to be comparable."""

import equinox as eqx
import jax
import numpy as np
import pandas as pd

from icgd.compare.study import Study
from icgd.learners.construction import canonical, products
from icgd.learners.transformer import Transformer


def measure(study: Study) -> pd.DataFrame:
    """One row per matrix entry, with the condition entry=row,column."""
    reference = study.learners["construction"].learner
    target = jax.tree.map(lambda a: a[0], reference)
    tables = []
    for name in [*study.spec["trained"], "construction"]:
        population = study.learners[name]
        assert isinstance(population.learner, Transformer)
        model = eqx.filter_vmap(canonical, in_axes=(eqx.if_array(0), None))(population.learner, target)
        bilinear, write = eqx.filter_vmap(products)(model.layers[0])
        for row, column in np.ndindex(bilinear.shape[-2:]):
            entries = {
                "key_query": bilinear[:, 0, row, column],
                "projection_value": write[:, 0, row, column],
            }
            tables.append(study.rows(name, population, f"entry={row},{column}", entries))
    return pd.concat(tables)
