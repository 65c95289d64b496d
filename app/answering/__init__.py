"""What the path prepares a request with, and what it records of the answer."""
