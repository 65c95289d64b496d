"""From a document and a grant to one SQL statement that can only return what was granted."""
