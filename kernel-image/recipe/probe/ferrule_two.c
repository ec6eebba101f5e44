int ferrule_two(void);

int ferrule_two(void)
{
	return 0;
}
