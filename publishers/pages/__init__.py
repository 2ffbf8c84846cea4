"""Pages of people who are signed in."""
