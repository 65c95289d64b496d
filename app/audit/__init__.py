"""What was disclosed and commanded: records, their hash chain, its verification."""
