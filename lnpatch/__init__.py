"""lnpatch: layer normalization for the Theano repositories of the 2016 paper, as a patch that can be reviewed and undone."""

__version__ = "0.1.0"
