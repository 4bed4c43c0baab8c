"""A study: the comparison that the paper makes, as a folder with a run for each cell and seed, and a report.

``plan`` is what was asked for, ``study_folder`` where it is kept; ``run_task`` knows what a run needs next, ``local`` does
that on this machine and ``cluster`` on another one; ``report_input`` hands the results on. ``listing`` finds runs and
studies in a folder. A run is an ordinary run of ``lnpatch train``, started as a process of its own.
"""
