"""The files of other programs that hold keys, read as they are and never changed."""
