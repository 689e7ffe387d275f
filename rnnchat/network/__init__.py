"""The torch networks: recurrent cells and the language model built from them. Importing it loads torch."""
