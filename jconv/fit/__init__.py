"""Training by optax: a readable loop, a loss for filters, and coordinates in which pixels are not alike."""

from jconv.fit._decorrelate import decorrelate as decorrelate
from jconv.fit._train import DivergedError as DivergedError
from jconv.fit._train import Loss as Loss
from jconv.fit._train import Progress as Progress
from jconv.fit._train import fit as fit
from jconv.fit._train import fit_chunks as fit_chunks
from jconv.fit._train import squared_error as squared_error
