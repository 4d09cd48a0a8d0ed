/* Threads that are started after the probe was attached write the variable: three of them, ten times each. The tests place the section. */
#include <pthread.h>
#include <unistd.h>

__attribute__((section(".watched"))) volatile long watched = 1;

static void *write_it(void *unused) {
  for (int i = 0; i < 10; ++i) watched = i;
  return unused;
}

int main(void) {
  for (int i = 0; i < 3; ++i) {
    pthread_t thread;
    pthread_create(&thread, 0, write_it, 0);
    pthread_join(thread, 0);
  }
  return 0;
}
