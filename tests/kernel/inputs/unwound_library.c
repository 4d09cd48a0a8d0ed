// Loaded by unwound.c.
void call_back(void (*back)(int)) {
  volatile char memory[100];
  memory[3] = 1;
  back(5);
  memory[4] = memory[3];
}
