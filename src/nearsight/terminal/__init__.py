"""What a process needs that people watch: streams that never fail, signals, logs."""
