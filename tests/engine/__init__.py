"""The machine: commands and their answers, snapshots, projections, settings, and the walls."""
