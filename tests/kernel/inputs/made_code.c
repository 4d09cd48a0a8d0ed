/* Code made at run time, as a compiler in a process makes it: a function that calls the kernel, named in /tmp/perf-PID.map. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **arguments) {
  static const unsigned char code[] = {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3}; /* mov $110, %eax; syscall; ret */
  unsigned char *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char name[64];
  snprintf(name, sizeof name, "/tmp/perf-%d.map", getpid());
  memcpy(page + 64, code, sizeof code);
  FILE *names = fopen(name, "w");
  if (names == NULL) return 1;
  /* Two functions were at the place one after the other: the last one counts. */
  fprintf(names, "%lx %x LazyCompile:~early made.js:1\nnonsense\n%lx %x LazyCompile:*late made.js:7\n", (long)(page + 64), 8, (long)(page + 64), 8);
  fclose(names);
  for (int i = 0; i < 3; ++i) ((int (*)(void))(page + 64))();
  usleep(300000); /* meanwhile the names are read */
  unlink(count > 1 ? arguments[1] : name);
  return 0;
}
