"""The law, rule by rule: one module for each of its sections, told in the domain's words."""
