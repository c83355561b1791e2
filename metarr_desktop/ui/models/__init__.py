"""What the tables and trees show, over snapshots."""
