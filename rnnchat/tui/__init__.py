"""The screen: a Textual application over the engine, the stories and the run folders.

Nothing here loads torch or ONNX Runtime: models live in child processes (``rnnchat.engine``).
"""
