"""Decisions about check-ins without Discord or database."""
