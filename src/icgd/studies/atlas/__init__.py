"""Every model against every algorithm, on synthetic and on real prompts."""
