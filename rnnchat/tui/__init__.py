"""The screen: a Textual application with its screens and widgets.

Nothing here loads torch or ONNX Runtime: models live in child processes (``rnnchat.engine``). What needs no widget
is in ``rnnchat.desk``.
"""
