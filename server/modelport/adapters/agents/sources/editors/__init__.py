"""The settings in which users have set agents up."""
