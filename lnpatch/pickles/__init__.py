"""Read the pickles that others released without running anything that they name; begin at :mod:`lnpatch.pickles.load`."""
