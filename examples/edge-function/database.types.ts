export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      reports: {
        Row: { created_at: string; id: number; title: string; user_id: string };
        Insert: { created_at?: string; id?: never; title: string; user_id?: string };
        Update: { created_at?: string; id?: never; title?: string; user_id?: string };
        Relationships: [];
      };
    };
    Views: { [_ in never]: never };
    Functions: { [_ in never]: never };
    Enums: { [_ in never]: never };
    CompositeTypes: { [_ in never]: never };
  };
};
