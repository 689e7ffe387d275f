"""How finely a text is measured, for readers and for whoever only adds up what they found."""

CELL_CHARS = 50
"""Characters in a cell; the last one of a text may have fewer."""
