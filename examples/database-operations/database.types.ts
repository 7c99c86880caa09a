export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      notes: {
        Row: { body: string; created_at: string; id: number; user_id: string };
        Insert: { body: string; created_at?: string; id?: never; user_id?: string };
        Update: { body?: string; created_at?: string; id?: never; user_id?: string };
        Relationships: [];
      };
      user_subscriptions: {
        Row: { created_at: string; plan: string; updated_at: string; user_id: string };
        Insert: { created_at?: string; plan?: string; updated_at?: string; user_id: string };
        Update: { created_at?: string; plan?: string; updated_at?: string; user_id?: string };
        Relationships: [];
      };
    };
    Views: { [_ in never]: never };
    Functions: { token_expires_at: { Args: never; Returns: string } };
    Enums: { [_ in never]: never };
    CompositeTypes: { [_ in never]: never };
  };
};
