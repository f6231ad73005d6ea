"""Writes vectors.json beside itself: what SciPy and statsmodels say, for the tests of what is reckoned here.

pip install scipy==1.17.1 statsmodels==0.15.0 && python3 make_vectors.py
"""

import json
import pathlib

import numpy
import scipy
import statsmodels
from scipy.stats import PermutationMethod, wilcoxon
from statsmodels.stats.multitest import multipletests

random = numpy.random.default_rng(20261126)


def tail(effects):
    """The exact one-sided p-value; of samples with equal sizes by going through every sign."""
    nonzero = [each for each in effects if each != 0]
    if not nonzero:
        return 1.0
    tied = len(set(map(abs, nonzero))) < len(nonzero)
    method = PermutationMethod(n_resamples=numpy.inf) if tied else "exact"
    return float(wilcoxon(nonzero, alternative="greater", method=method).pvalue)


def bounds(effects, level):
    """By inverting the test: the outermost shifts that it does not exclude. None where it excludes nothing."""
    averages = sorted((one + other) / 2 for at, one in enumerate(effects) for other in effects[at:])
    step = 1e-9
    low = [each for each in averages if tail([x - (each - step) for x in effects]) <= level]
    high = [each for each in averages if tail([(each + step) - x for x in effects]) <= level]
    return {"low": max(low, default=None), "high": min(high, default=None)}


def sample(size, shift, scale, heavy):
    draws = random.standard_t(2, size) if heavy else random.standard_normal(size)
    return [round(float(each), 6) for each in shift + scale * draws]


effects = [sample(size, shift, 0.1, heavy) for size in (1, 5, 8, 12, 20, 40) for shift in (0, 0.06) for heavy in (False, True)]
tied = [
    [0, 0, 0.1, 0.1, -0.1],
    [0.2, 0.2, 0.2, 0.2, 0.2, 0.2],
    [0.1, -0.1, 0.1, -0.1, 0.3, 0.3, 0.5],
    [0, 0, 0, 0],
    [0.02, 0.02, -0.02, 0.04, 0.04, 0.06, -0.04, 0.02, 0, 0.08],
]
# Hollander and Wolfe (1973), page 29: depression scale factors before and after; the example of R's wilcox.test.
before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
effects.append([round(x - y, 6) for x, y in zip(before, after)])

families = [[0.01, 0.04, 0.03, 0.005], [0.2, 0.0001, 0.0009, 0.6, 0.013], [0.5], [0.0025, 0.0025, 0.0025, 0.0025]]

vectors = {
    "origin": f"SciPy {scipy.__version__}, statsmodels {statsmodels.__version__}; make_vectors.py",
    "pValues": [{"effects": each, "greater": tail(each)} for each in effects + tied],
    "bounds": [
        {"effects": each, "level": level, **bounds(each, level)}
        for each in effects
        if len(each) <= 20
        for level in (0.05, 0.005)
    ],
    "holm": [
        {"pValues": each, "level": level, "rejected": [bool(one) for one in multipletests(each, level, "holm")[0]]}
        for each in families
        for level in (0.01, 0.05)
    ],
}
pathlib.Path(__file__).with_name("vectors.json").write_text(json.dumps(vectors, indent=1) + "\n")
