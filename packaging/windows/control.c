/* Runs a program and has it told, after a while, what Windows tells a program of its console: 0 is Ctrl-C, 1 Ctrl-Break, 2 a console that
   is closed, 5 the end of a session, 6 the end of the system. Ends with the program's exit code, or 91 where it went on.

   Usage: control EVENT MILLISECONDS PROGRAM...

   The system does it by a thread in the program that begins at CtrlRoutine, and so is it done here: Wine's GenerateConsoleCtrlEvent knows
   Ctrl-C alone (8 answers ERROR_INVALID_HANDLE to the others, 10 ends a thread of the program without asking its handlers). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

int main(int count, char **words)
{
    char line[4096] = "";
    STARTUPINFOA with = { .cb = sizeof with };
    PROCESS_INFORMATION program;
    DWORD code = 90;

    for (int at = 3; at < count; at++) {
        if (strlen(line) + strlen(words[at]) + 4 > sizeof line) return 2;
        strcat(strcat(strcat(line, "\""), words[at]), "\" ");
    }
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &with, &program)) return 90;
    Sleep(atoi(words[2]));
    CreateRemoteThread(program.hProcess, NULL, 0, (LPTHREAD_START_ROUTINE)GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine"),
                       (void *)(ULONG_PTR)atoi(words[1]), 0, NULL);
    if (WaitForSingleObject(program.hProcess, 15000) != WAIT_OBJECT_0) TerminateProcess(program.hProcess, 91);
    WaitForSingleObject(program.hProcess, 1000);
    GetExitCodeProcess(program.hProcess, &code);
    return code;
}
