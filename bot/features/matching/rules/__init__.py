"""Decisions about who could study together, without Discord or database."""
