"""Put a new head on a trained network, and train it in two phases."""
