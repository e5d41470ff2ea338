"""The demo: its story, its screen, its folder, its clock."""
