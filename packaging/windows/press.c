/* Runs a command, presses Ctrl-Break on it after so many milliseconds, and ends with its exit code.
 * Usage: press.exe MILLISECONDS "COMMAND LINE" */
#include <stdlib.h>
#include <windows.h>

int main(int count, char **arguments) {
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION process;
    DWORD code = 99;
    if (count != 3) return 98;
    AllocConsole();
    if (!CreateProcessA(NULL, arguments[2], NULL, NULL, TRUE, CREATE_NEW_PROCESS_GROUP, NULL, NULL, &start, &process)) return 97;
    Sleep(atoi(arguments[1]));
    if (!GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, process.dwProcessId)) return 96;
    if (WaitForSingleObject(process.hProcess, 20000) != WAIT_OBJECT_0) return 95;
    GetExitCodeProcess(process.hProcess, &code);
    return code;
}
