"""Organizations, structural units, competence topics, employees and municipalities (O-2.2 to O-2.4, A-1.11–13)."""
