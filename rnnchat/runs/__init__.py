"""The run folder, and all that begins, watches, compares and steers trainings through it.

Nothing here trains or imports torch: a run can be watched from any process.
"""
