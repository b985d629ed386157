"""How questions are shown, graded, scheduled for review and measured."""
