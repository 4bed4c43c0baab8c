"""The curves of training runs against each other: read, aligned, smoothed, summed up, drawn.

``read`` (with ``collect``) makes a :class:`~lnpatch.curves.series.RunSeries` of what is on disk; ``summary`` and
``panels`` are pure and say what there is to tell and to draw; ``plot`` (matplotlib) and ``textplot`` (plotext) draw the
same panels.
"""
