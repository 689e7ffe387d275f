"""What measures speed: rnnchat and plain loops of torch, in turns, by one stopwatch.

Nothing here prints: `rnnchat.cli` shows what was measured.
"""
