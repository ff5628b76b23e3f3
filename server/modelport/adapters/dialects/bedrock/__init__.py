"""Amazon Bedrock's Converse, and what each family of models there takes."""
