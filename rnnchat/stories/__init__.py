"""What people write together with models: stories as trees of passages, and the database that keeps them.

Nothing here opens a model or shows anything.
"""
