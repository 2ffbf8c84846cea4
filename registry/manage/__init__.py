"""Pages of people who are signed in: what they look after, and how they change it."""
