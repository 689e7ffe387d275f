"""Models of other programs: reads something foreign and gives a `rnnchat.model.file.Model`.

A kind of file is one module with an ``IMPORTER`` and one line of the table in `rnnchat.importers.importer`. Readers
of formats that several kinds share (``*_file``, ``pickle_data``) know nothing of networks.

Nothing here runs what a file holds: neither torch nor Keras nor the module pickle is ever loaded, and no program of a
file is followed beyond building numbers, texts, tables and arrays.
"""
