/* Writes its variable ten times. The tests place the section. */
__attribute__((section(".watched"))) volatile long watched = 1;

int main(void) {
  for (int i = 0; i < 10; ++i) watched = i;
  return 0;
}
