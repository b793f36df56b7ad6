"""Organizations, structural units, competence topics, employees, municipalities (O-2.2, O-2.3, O-2.4, A-1.11–13)."""
