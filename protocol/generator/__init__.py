"""Turns ``protocol/model.json`` into code and pages."""
