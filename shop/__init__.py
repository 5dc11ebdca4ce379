"""Lantern: the project and what is sold."""
