"""What a support person reads out: one recipient's case in sentences, each with its position."""
