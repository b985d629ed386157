"""What a quiz may be about, and which questions it asks. No Discord, no database."""
