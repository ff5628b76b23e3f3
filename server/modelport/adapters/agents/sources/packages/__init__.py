"""Which package a program belongs to."""
