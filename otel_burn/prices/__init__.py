"""What does a call cost? Dated rates, and the arithmetic from usage to dollars."""
